# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""A video and the tracker: ``ros2 launch siam_tracker_ros video_demo.launch.py source:=FILE``.

Then give it a target, in pixels of the image::

    ros2 topic pub --once /siam_tracker/init_roi sensor_msgs/msg/RegionOfInterest \
        '{x_offset: 100, y_offset: 80, width: 60, height: 90}'
"""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription

HERE = Path(__file__).resolve().parent
BOOLEAN = ['true', 'false']


def generate_launch_description():
    """Describe the video source and the tracker."""
    value = LaunchConfiguration
    arguments = [
        DeclareLaunchArgument(
            'source', description='video file, folder of images, or index of a camera'
        ),
        DeclareLaunchArgument(
            'fps', default_value='0.0',
            description="images per second; 0.0 keeps the source's own times",
        ),
        DeclareLaunchArgument(
            'loop', default_value='true', choices=BOOLEAN, description='begin again at the end'
        ),
        DeclareLaunchArgument('namespace', default_value='', description='of both nodes'),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=BOOLEAN, description='show the overlay in RViz'
        ),
    ]
    # First: it sets the environment that the source needs, too.
    tracker = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(HERE / 'tracker.launch.py')),
        launch_arguments={
            'namespace': value('namespace'),
            'rviz': value('rviz'),
            'large_images': 'true',
        }.items(),
    )
    source = Node(
        package='siam_tracker_ros',
        executable='video_source',
        name='video_source',
        namespace=value('namespace'),
        parameters=[
            {
                'source': ParameterValue(value('source'), value_type=str),
                'fps': ParameterValue(value('fps'), value_type=float),
                'loop': ParameterValue(value('loop'), value_type=bool),
            }
        ],
        output='screen',
    )
    return LaunchDescription([*arguments, tracker, source])
